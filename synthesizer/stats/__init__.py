"""Statistics of the jobs: an effect with an interval, compared on equal tasks, with multiplicity under control."""

from .comparison import compare
from .difference import Difference, Stratum, fisher, newcombe
from .multiple import benjamini_hochberg
from .proportion import Interval, Proportion, proportion, wilson
from .sample_size import needed_per_side
from .stratified import exact_test, mantel_haenszel, sato

__all__ = [
    "Difference",
    "Interval",
    "Proportion",
    "Stratum",
    "benjamini_hochberg",
    "compare",
    "exact_test",
    "fisher",
    "mantel_haenszel",
    "needed_per_side",
    "newcombe",
    "proportion",
    "sato",
    "wilson",
]
