"""Scores judged at fixed thresholds."""

from tests.evaluation.evaluation_files import table_of

# six videos of two frames; video means 0.9 0.45 | 0.6 0.1 | 0.5 0.2
TEST = table_of("""
a s1 bona_fide 0.8
a s1 bona_fide 1.0
b s2 bona_fide 0.3
b s2 bona_fide 0.6
c s1 print1 0.7
c s1 print1 0.5
d s2 print2 0.1
d s2 print2 0.1
e s1 replay1 0.9
e s1 replay1 0.1
f s2 replay1 0.2
f s2 replay1 0.2
""")
