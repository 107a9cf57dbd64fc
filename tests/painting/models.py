"""Models that misbehave, as a queue's process runs them."""

import os
import time

import numpy as np

from inpaintlab.painting.worker import Answer, Ready, Trouble


def echo(connection, name):
    """Give the picture back; its first value says what else happens.

    1 a crash, 2 a long wait, 3 a complaint; after the picture 4 a crash, 5 a complaint.
    """
    connection.send(Ready(blind=False))
    while (task := connection.recv()) is not None:
        order = task.pixels.flat[0]
        if order == 1:
            os._exit(7)
        if order == 2:
            time.sleep(600)
        connection.send(Trouble("no") if order == 3 else Answer(task.pixels, 0.0, str(os.getpid())))
        if order == 4:
            os._exit(7)
        if order == 5:
            connection.send(Trouble("no measure"))


def broken(connection, name):
    connection.send(Trouble(f"{name} cannot be read"))


def dying(connection, name):
    os._exit(3)


def task_of(order, scored=False):
    from inpaintlab.painting.worker import Task

    pixels = np.full((1, 1, 1), order, np.uint8)
    return Task(pixels, np.ones((1, 1), bool), pixels if scored else None)
