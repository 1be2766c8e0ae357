"""The one door between volumes and VTK: images both ways, and algorithms that fail as Python does."""
