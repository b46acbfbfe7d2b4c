"""Pictures of the page as inline SVG.

Every text that stands in one is escaped here; sizes and colours come from the style sheet by class. Coordinates are
rounded, so that the bytes do not depend on the last bit of a division.
"""

from .spine import shown_edges, spine
from .strip import strip
from .trajectory import trajectory
from .whisker import whisker

__all__ = ["shown_edges", "spine", "strip", "trajectory", "whisker"]
