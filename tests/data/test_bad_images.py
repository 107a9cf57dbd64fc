import gc
import multiprocessing

from inpaintlab.data.bad_images import BadImages


def test_workers_share_the_list():
    bad = BadImages()
    workers = [multiprocessing.get_context("fork").Process(target=bad.add, args=(f"{n}.jpg", "why")) for n in (2, 1, 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert bad.read() == {"1.jpg": "why", "2.jpg": "why"}


def test_the_file_goes_with_the_list():
    bad = BadImages()
    path = bad.path
    assert path.exists()
    del bad
    gc.collect()
    assert not path.exists()
