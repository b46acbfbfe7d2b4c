"""The report as one HTML file: nothing to load, nothing to install, the same bytes for the same vault."""

from .dossier import AGENTS_IN_FULL, Dossier, dossier
from .page import page

__all__ = ["AGENTS_IN_FULL", "Dossier", "dossier", "page"]
