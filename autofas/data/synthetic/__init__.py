"""Generated faces in the shape of OULU-NPU: people, phones, sessions, prints, replays; no licensed data.

`generate` writes the set. subject.py invents people (head.py, attire.py, shapes.py), scene.py poses and
lights them, recapture.py prints and displays them, camera.py takes every picture, video.py puts one video
together, dataset.py writes it all. The purpose is a problem with the physics of recapture in it, for tests,
demos and search experiments; error rates on it say nothing about real attacks.
"""

from autofas.data.synthetic.dataset import DEFAULT_USERS, GENERATOR_VERSION, generate

__all__ = ["DEFAULT_USERS", "GENERATOR_VERSION", "generate"]
