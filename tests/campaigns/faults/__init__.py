"""What a run survives: kills, damage, signals, full disks, NaNs, dead workers, two starts, strange files.

    python -m tests.campaigns.faults --jobs 2               # the whole campaign; results/faults.md and .json
    python -m tests.campaigns.faults --short --only kills   # a few of each, as the tests do

Every case is a command line of autofas in a process of its own, forked from one that has imported torch so
that a case costs tenths of a second; what is done to it is drawn from the seed and the case's number. Runs
are the smallest that have every phase: generated faces of two or three people, 16 pixel inputs.
"""
