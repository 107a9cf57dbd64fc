import multiprocessing.dummy
import os
import signal
import threading

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.painting.jobs import LONGEST, ModelQueue
from inpaintlab.painting.worker import Answer, Judged, Ready
from tests.painting.factory import until
from tests.painting.models import broken, dying, echo, task_of


@pytest.fixture
def queue_of():
    queues = []

    def start(target, **words):
        queues.append(ModelQueue("toy", ("toy.ckpt",), target, **words))
        return queues[-1]

    yield start
    for queue in queues:
        queue.close()


@pytest.mark.slow
def test_a_crash_and_a_cancel_leave_the_queue_at_work(queue_of):
    queue = queue_of(echo)  # a real process: the subject
    scored = queue.submit(task_of(4, scored=True))
    jobs = [queue.submit(task_of(order)) for order in (0, 1, 0, 3, 2, 0)]
    until(lambda: jobs[4].state == "running")
    assert (scored.state, scored.scoring, scored.scores) == ("done", False, None)
    assert scored.answer.pixels[0, 0, 0] == 4  # what is filled stays
    assert scored.unscored == "its process ended (exit code 7): a crash, or too little memory"
    assert [job.state for job in jobs] == ["done", "failed", "done", "failed", "running", "waiting"]
    assert jobs[1].message == "toy: its process ended (exit code 7): a crash, or too little memory"
    assert jobs[3].message == "toy: no"
    assert jobs[0].answer.how != jobs[2].answer.how  # another process
    queue.cancel(jobs[4])
    until(lambda: jobs[5].finished)
    assert [job.state for job in jobs[4:]] == ["cancelled", "done"]
    os.kill(int(jobs[5].answer.how), signal.SIGKILL)  # as the system does where memory is short
    queue._process.join(60)
    after = queue.submit(task_of(0))
    until(lambda: after.finished)
    assert after.state == "done"


def test_a_process_that_dies_while_it_loads_is_told(queue_of):
    queue = queue_of(dying)
    until(lambda: queue.state == "failed")
    assert queue.message.startswith("toy: its process ended (exit code 3)")


def test_a_model_that_cannot_be_loaded_fails_what_waits(queue_of):
    gate = threading.Event()

    def slowly(connection, name):
        gate.wait(60)
        broken(connection, name)

    queue = queue_of(slowly, context=multiprocessing.dummy)
    job = queue.submit(task_of(0))
    gate.set()
    until(lambda: job.finished)
    assert (job.state, job.message) == ("failed", "toy: toy.ckpt cannot be read")
    assert (queue.state, queue.message) == ("failed", "toy: toy.ckpt cannot be read")


def test_a_model_that_could_not_be_loaded_is_tried_again_when_it_is_asked(queue_of):
    outcomes = iter([broken, broken, echo])

    def later(connection, name):
        next(outcomes)(connection, name)

    queue = queue_of(later, context=multiprocessing.dummy)
    until(lambda: queue.state == "failed")
    again = queue.submit(task_of(0))
    until(lambda: again.finished)
    assert (again.state, again.message, queue.state) == ("failed", "toy: toy.ckpt cannot be read", "failed")
    third = queue.submit(task_of(0))
    until(lambda: third.finished)
    assert (third.state, queue.state, queue.message) == ("done", "ready", "")


def test_one_at_a_time_in_order_and_no_endless_queue(queue_of):
    gate, seen = threading.Semaphore(0), []

    def gated(connection, name):
        connection.send(Ready(blind=True))
        while (task := connection.recv()) is not None:
            seen.append(int(task.pixels.flat[0]))
            gate.acquire(timeout=60)
            connection.send(Answer(task.pixels, 0.0, ""))

    queue = queue_of(gated, context=multiprocessing.dummy)
    first = queue.submit(task_of(100))
    until(lambda: first.state == "running")
    assert queue.blind is True
    jobs = [queue.submit(task_of(number)) for number in range(LONGEST)]
    assert [queue.place(job) for job in jobs] == list(range(1, LONGEST + 1))
    with pytest.raises(UserError, match="16 pictures wait already"):
        queue.submit(task_of(0))
    queue.cancel(jobs[0])
    assert (queue.place(jobs[1]), jobs[0].state) == (1, "cancelled")
    for _ in range(LONGEST):
        gate.release()
    until(lambda: jobs[-1].finished)
    assert seen == [100, *range(1, LONGEST)]
    queue.cancel(first)
    assert first.state == "done"  # what is done stays


def test_scores_come_after_the_picture_and_before_the_next(queue_of):
    gate = threading.Semaphore(0)

    def gated(connection, name):
        connection.send(Ready(blind=False))
        while (task := connection.recv()) is not None:
            connection.send(Answer(task.pixels, 0.0, ""))
            gate.acquire(timeout=60)
            connection.send(Judged({"psnr": float(task.pixels.flat[0])}))

    queue = queue_of(gated, context=multiprocessing.dummy)
    jobs = [queue.submit(task_of(order, scored=True)) for order in (4, 5)]
    until(lambda: jobs[0].finished)
    assert (jobs[0].state, jobs[0].scoring, jobs[1].state) == ("done", True, "waiting")
    queue.cancel(jobs[0])
    assert jobs[0].state == "done"
    for _ in jobs:
        gate.release()
    until(lambda: jobs[1].finished and not jobs[1].scoring)
    assert [job.scores for job in jobs] == [{"psnr": 4.0}, {"psnr": 5.0}]


def test_a_picture_without_scores_is_kept_and_says_why(queue_of):
    queue = queue_of(echo, context=multiprocessing.dummy)
    jobs = [queue.submit(task_of(order, scored=order == 5)) for order in (5, 0)]
    until(lambda: jobs[1].finished)
    assert (jobs[0].state, jobs[0].scores, jobs[0].unscored) == ("done", None, "no measure")
    assert (jobs[1].state, jobs[1].scoring, jobs[1].unscored) == ("done", False, "")  # without a truth none are due


def test_closing_calls_off_what_waits(queue_of):
    queue = queue_of(echo, context=multiprocessing.dummy)
    until(lambda: queue.state == "ready")
    queue.close()
    assert not queue._thread.is_alive()
