"""Building blocks that several adapters share: reading lines and documents, recognising heads, walking messages."""
