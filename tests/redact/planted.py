"""Realistic secrets of every kind, made at run time: no file of the repository holds anything that looks like one."""

from __future__ import annotations

import base64
import random
import string

HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits
WORD = ALNUM + "_-"
BASE64 = ALNUM + "+/"


class Planter:
    """Makes secrets; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def of(self, alphabet: str, size: int) -> str:
        if size <= 3:
            return "".join(self._random.choice(alphabet) for _ in range(size))
        text = "".join(self._random.choice(alphabet) for _ in range(size - 3))
        # Every sample has a digit and both cases where its alphabet has them, and ends in no sign that is trimmed.
        digit = self._random.choice([c for c in alphabet if c.isdigit()] or [alphabet[0]])
        lower = self._random.choice([c for c in alphabet if c.islower()] or [alphabet[0]])
        upper = self._random.choice([c for c in alphabet if c.isupper()] or [alphabet[-1]])
        return text + digit + lower + upper

    def jwt(self) -> str:
        head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
        return ".".join((head, "eyJ" + self.of(WORD, 60), self.of(WORD, 43)))

    def pem(self, label: str, end: str = "\n") -> str:
        lines = [self.of(BASE64, 64) for _ in range(12)]
        name = label + " PRIVATE KEY" + ("-----" if label != "PGP" else " BLOCK-----")
        return end.join(["-----BEGIN " + name, *lines, self.of(BASE64, 30) + "==", "-----END " + name])

    def tokens(self) -> dict[str, list[str]]:
        """Secrets with a shape of their own, by kind."""
        of = self.of
        upper = string.ascii_uppercase + string.digits
        return {
            "aws-key": ["AKI" + "A" + of(upper, 16), "ASI" + "A" + of(upper, 16)],
            "google-key": ["AIz" + "a" + of(WORD, 35)],
            "google-oauth": ["GOCSP" + "X-" + of(WORD, 28), "ya2" + "9." + of(WORD, 120), "1/" + "/0" + of(WORD, 60)],
            "azure-secret": [of(ALNUM, 3) + "8Q" + "~" + of(ALNUM + "_-", 34)],
            "github": [p + "_" + of(ALNUM, 36) for p in ("ghp", "gho", "ghu", "ghs", "ghr")]
            + ["github_" + "pat_" + of(ALNUM, 22) + "_" + of(ALNUM, 59)],
            "gitlab": ["glpa" + "t-" + of(WORD, 20)],
            "slack": ["xox" + p + f"-{17 * 10**10}-{25 * 10**11}-" + of(ALNUM, 24) for p in "bpa"],
            "stripe": ["sk_" + "live_" + of(ALNUM, 24), "rk_" + "live_" + of(ALNUM, 24), "whse" + "c_" + of(ALNUM, 32)],
            "telegram": ["1234567890" + ":A" + "A" + of(WORD, 33)],
            "discord": ["MTA" + of(ALNUM, 23) + "." + of(WORD, 6) + "." + of(WORD, 38)],
            "twilio": ["S" + "K" + of(HEX, 32)],
            "sendgrid": ["S" + "G." + of(WORD, 22) + "." + of(WORD, 43)],
            "mailgun": ["ke" + "y-" + of(HEX, 32)],
            "openai": ["s" + "k-" + of(ALNUM, 48), "s" + "k-proj-" + of(WORD, 140)],
            "anthropic": ["s" + "k-ant-api03-" + of(WORD, 95)],
            "huggingface": ["h" + "f_" + of(ALNUM, 34)],
            "npm": ["np" + "m_" + of(ALNUM, 36)],
            "pypi": ["pyp" + "i-AgEIcHlwaS5vcmc" + of(WORD, 120)],
            "docker": ["dckr_" + "pat_" + of(WORD, 27)],
            "digitalocean": ["do" + "p_v1_" + of(HEX, 64)],
            "heroku": ["HRK" + "U-" + of(WORD, 58)],
            "shopify": ["shp" + "at_" + of(HEX, 32)],
            "atlassian": ["ATAT" + "T3" + of(WORD, 180) + "=" + of(HEX, 8).upper(), "ATB" + "B" + of(ALNUM, 32)],
            "linear": ["lin_" + "api_" + of(ALNUM, 40)],
            "notion": ["nt" + "n_" + of(ALNUM, 46), "secre" + "t_" + of(ALNUM, 43)],
            "databricks": ["dap" + "i" + of(HEX, 32)],
            "langsmith": ["lsv" + "2_pt_" + of(HEX, 32) + "_" + of(HEX, 10)],
            "groq": ["gs" + "k_" + of(ALNUM, 52)],
            "vault": ["hv" + "s." + of(WORD, 24)],
            "langfuse": ["s" + "k-lf-" + of(HEX, 8) + "-" + of(HEX, 28)],
            "openrouter": ["s" + "k-or-v1-" + of(HEX, 64)],
            "xai": ["xa" + "i-" + of(ALNUM, 80)],
            "perplexity": ["ppl" + "x-" + of(ALNUM, 48)],
            "replicate": ["r" + "8_" + of(ALNUM, 37)],
            "grafana": ["gls" + "a_" + of(ALNUM, 32) + "_" + of(HEX, 8), "gl" + "c_" + of(ALNUM, 60)],
            "new-relic": ["NRA" + "K-" + of(upper, 27)],
            "sentry": ["sntry" + "u_" + of(HEX, 64)],
            "postman": ["PMA" + "K-" + of(HEX, 24) + "-" + of(HEX, 34)],
            "figma": ["fig" + "d_" + of(WORD, 43)],
            "supabase": ["sb" + "p_" + of(HEX, 40)],
            "pinecone": ["pcs" + "k_" + of(ALNUM, 6) + "_" + of(ALNUM, 63)],
            "rubygems": ["ruby" + "gems_" + of(HEX, 48)],
            "age-key": ["AGE-SEC" + "RET-KEY-1" + of(upper, 58)],
            "jwt": [self.jwt()],
            "private-key": [
                self.pem("RSA"), self.pem("OPENSSH"), self.pem("EC"), self.pem("PGP"), self.pem("RSA", "\\n"),
                self.pem("RSA", "\\\\n"),
            ],
        }  # fmt: skip

    def in_place(self) -> dict[str, list[tuple[str, str]]]:
        """Secrets known by where they stand, by kind: the text and the secret in it."""
        of = self.of
        found: dict[str, list[tuple[str, str]]] = {}

        def plant(kind: str, template: str, secret: str) -> None:
            found.setdefault(kind, []).append((template.replace("@@", secret), secret))

        for template in ("password=@@", "PGPASSWORD=@@ psql -h db", "export DB_PASSWORD='@@'", '{"password": "@@"}',
                         "{'passwd': '@@'}", '{\\"password\\":\\"@@\\"}', "password: @@", "--password @@ --force",
                         "--password=@@", '["mysql", "--password", "@@"]', "mysql -u root -p@@ shop",
                         "Server=x;Password=@@;",
                         "MYSQL_ROOT_PASSWORD: @@", "<password>@@</password>", 'password: str = "@@"',
                         "sshpass -p @@ ssh h",
                         "curl -u admin:@@ https://h/", "spring.datasource.password=@@", "passphrase = \"@@\"",
                         'os.environ["DB_PASS"] = "@@"'):  # fmt: skip
            plant("password", template, "hun" + "ter2" + of(ALNUM, 4))
            plant("password", template, "S3cure" + "!" + of(ALNUM, 5))
        for template in (
            "postgres://app:@@@db.internal:5432/shop",
            "redis://:@@@cache:6379",
            "https://bob:@@@git.example/x",
        ):
            plant("url-password", template, "p4ss" + of(ALNUM, 8))
            plant("url-password", template, "p@ss" + of(ALNUM, 8))
        plant("url-token", "git clone https://@@@git.example/x.git", of(ALNUM, 40))
        for template in ("api_key=@@", '"apiKey": "@@"', "X-Api-Key: @@", "--api-key @@", "https://h/x?api_key=@@&y=1",
                         "OPENWEATHER_API_KEY=@@", "SERVICE_ACCESS_KEY: '@@'"):  # fmt: skip
            plant("api-key", template, of(ALNUM, 32))
            plant("api-key", template, of(HEX, 32))
        for template in ("aws_secret_access_key = @@", "AWS_SECRET_ACCESS_KEY=@@", '"SecretAccessKey": "@@"'):
            plant("aws-secret", template, of(BASE64, 40))
        for template in (
            "AccountName=x;AccountKey=@@;EndpointSuffix=core",
            "SharedAccessKey=@@",
            "AZURE_STORAGE_ACCOUNT_KEY=@@",
        ):
            plant("azure-key", template, of(BASE64, 86) + "==")
        for template in (
            "https://x.blob.core.windows.net/c/f?sv=2022&sig=@@",
            "?X-Amz-Signature=@@&x=1",
            "&amp;sig=@@",
        ):
            plant("url-signature", template, of(ALNUM, 43) + "%3D")
        for template in ("access_token=@@", '"refresh_token": "@@"', "token: @@", "BOT_TOKEN='@@'", "?token=@@",
        "--token @@",
                         "auth_token => '@@'"):  # fmt: skip
            plant("token", template, of(ALNUM, 40))
        for template in (
            "client_secret=@@",
            '"clientSecret":"@@"',
            "WEBHOOK_SECRET: @@",
            "secret = '@@'",
            "credentials: @@",
        ):
            plant("secret", template, of(ALNUM, 32))
        for template in ("Authorization: Bearer @@", '-H "authorization: bearer @@"', '{"Authorization": "Bearer @@"}'):
            plant("bearer", template, of(WORD, 40))
        for template in ("Authorization: Basic @@", "'Authorization': 'Basic @@'", '-H "Authorization: basic @@"'):
            plant("basic", template, base64.b64encode(f"admin:{of(ALNUM, 12)}".encode()).decode())
        for template in ("Authorization: @@", "Authorization: token @@", '"authorization": "ApiKey @@"'):
            plant("authorization", template, of(ALNUM, 40))
        for template in ("Set-Cookie: sid=@@; Path=/; HttpOnly", "Cookie: theme=dark; auth=@@", '"cookie": "x=@@"'):
            plant("cookie", template, of(ALNUM, 32))
        for template in ("https://h/?session=@@", "PHPSESSID=@@; path=/", "JSESSIONID=@@"):
            plant("session", template, of(ALNUM, 32))
        plant(
            "slack-webhook", "https://hooks.slack.com/services/@@", f"T{of(ALNUM, 9)}/B{of(ALNUM, 9)}/{of(ALNUM, 24)}"
        )
        plant("discord-webhook", "https://discord.com/api/webhooks/" + "1" * 18 + "/@@", of(WORD, 68))
        return found


AROUND = [
    "@@",
    "the key is @@, keep it",
    '{"content": "@@"}',
    '{\\"content\\": \\"see:\\n@@\\n\\"}',
    "curl -H 'X-Thing: @@' https://api.example.org/v1",
    "https://example.org/x?k=@@&y=2",
    "first line\n@@\nlast line",
    "export THING=\"@@\"",
]  # fmt: skip
