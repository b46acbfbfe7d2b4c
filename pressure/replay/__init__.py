"""Driving the engine over what was recorded or harvested. This part may read a vault; the engine itself may not."""
