"""Statistics of the jobs: an effect with an interval, compared on equal tasks, with multiplicity under control."""

from .anytime import confidence_sequence, difference_of_sequences, difference_sequence, running
from .bootstrap import Estimate, difference_over_tasks, mean_over_tasks
from .clustered import Clustered, by_cluster, estimate
from .comparison import compare
from .concordance import Pairs, concordance, concordance_difference, wins
from .conditional import exact_test, large_sample_test, mcnemar, mid_p_test
from .difference import Difference, Stratum, fisher, newcombe
from .e_values import e_of_p, e_process, e_process_over_tasks, p_of_e
from .equivalence import Equivalence, equivalence
from .logistic import chances, log_loss, logistic, scores
from .multiple import benjamini_hochberg, benjamini_yekutieli, e_benjamini_hochberg
from .odds import OddsRatio, Seen, odds_ratio
from .power import Planned, detectable, detectable_over_tasks, power, power_over_tasks
from .proportion import Interval, Proportion, clopper_pearson, proportion, wilson
from .sample_size import needed_per_side
from .score import miettinen_nurminen
from .stratified import mantel_haenszel, sato
from .unconditional import barnard, boschloo
from .unconditional_interval import chan_zhang

__all__ = [
    "Clustered",
    "Difference",
    "Equivalence",
    "Estimate",
    "Interval",
    "OddsRatio",
    "Pairs",
    "Planned",
    "Proportion",
    "Seen",
    "Stratum",
    "barnard",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "boschloo",
    "by_cluster",
    "chan_zhang",
    "chances",
    "clopper_pearson",
    "compare",
    "concordance",
    "concordance_difference",
    "confidence_sequence",
    "detectable",
    "detectable_over_tasks",
    "difference_of_sequences",
    "difference_over_tasks",
    "difference_sequence",
    "e_benjamini_hochberg",
    "e_of_p",
    "e_process",
    "e_process_over_tasks",
    "equivalence",
    "estimate",
    "exact_test",
    "fisher",
    "large_sample_test",
    "log_loss",
    "logistic",
    "mantel_haenszel",
    "mcnemar",
    "mean_over_tasks",
    "mid_p_test",
    "miettinen_nurminen",
    "needed_per_side",
    "newcombe",
    "odds_ratio",
    "p_of_e",
    "power",
    "power_over_tasks",
    "proportion",
    "running",
    "sato",
    "scores",
    "wilson",
    "wins",
]
