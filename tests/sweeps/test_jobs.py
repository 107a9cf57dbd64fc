import multiprocessing
import time
from dataclasses import replace

from inpaintlab.basics.locks import lock_folder
from inpaintlab.records.run import RunRecord
from inpaintlab.sweeps import jobs


def test_a_job_is_named_by_its_choices_in_any_order():
    name = jobs.job_folder(["seed=1", "model.width=8"])
    assert name == jobs.job_folder(["model.width=8", "seed=1"]) == "model.width=8,seed=1"


def test_where_a_job_runs_does_not_name_it():
    assert jobs.job_folder(["seed=1", "data.root=/a/b", "hardware=ddp", "runs=x", "trainer.devices=2"]) == "seed=1"
    assert jobs.job_folder([]) == "default"


def test_names_are_portable_and_differ_where_the_choices_do():
    one, two = (jobs.job_folder([f"model.stages=[{{iterations: {n}}}]"]) for n in (1, 2))
    assert one != two
    assert not set("/[]{}: ") & set(one)
    long = [jobs.job_folder([f"{'x' * 300}={n}"]) for n in (1, 2)]
    assert long[0] != long[1]
    assert len(long[0]) < 150


def hold(folder, seconds):
    with lock_folder(folder):
        (folder / "began").touch()
        time.sleep(seconds)


def test_states(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    assert jobs.state_of(folder) == "waiting"
    (folder / "job.yaml").touch()
    assert jobs.state_of(folder) == "interrupted"
    (folder / "failure.json").write_text("{}")
    assert jobs.state_of(folder) == "failed"
    process = multiprocessing.get_context("spawn").Process(target=hold, args=(folder, 60))
    process.start()
    while not (folder / "began").exists():
        assert process.is_alive()
        time.sleep(0.01)
    assert jobs.state_of(folder) == "running"
    process.kill()
    process.join()
    assert jobs.state_of(folder) == "failed"  # a lock dies with its holder
    record = RunRecord(name="a", status="running", choices={}, overrides=[], seed=0)
    record.write(folder)
    assert jobs.state_of(folder) == "failed"
    replace(record, status="done").write(folder)
    assert jobs.state_of(folder) == "done"
