"""An import from outside, from the preview to the failed rows, with a real run between."""

from flask import Flask

from tests.api.calling import Caller
from tests.api.conftest import run

CONTENT = b"carrier,name\nQ1,One\n,Nobody\nQ2,Two\n"


def test_preview_submit_poll_failures_undo(running_app: Flask, running: Caller) -> None:
    preview = running.preview(CONTENT, "carriers.csv").get_json()
    assert preview["totalRows"] == 3
    body = {"name": "airlines", "data": {"file": preview["id"]}}
    answer = running.post("/submit-job", json=body)
    job_id = answer.get_json()["jobId"]
    run(running_app, job_id)
    job = running.get(f"/jobs/{job_id}").get_json()
    assert (job["state"], job["progress"], job["failedReason"]) == ("completed", 100, None)
    assert (job["counts"]["created"], job["counts"]["failed"]) == (2, 1)
    assert job["result"] == {"counts": job["counts"], "file": None}
    [failure] = running.get(f"/jobs/{job_id}/failures").get_json()["failures"]
    assert (failure["row"], failure["column"], failure["record"]["name"]) == (
        3,
        "carrier",
        "Nobody",
    )
    undone = running.post(f"/jobs/{job_id}/undo")
    assert undone.status_code == 202
    run(running_app, undone.get_json()["jobId"])
    assert running.get(f"/jobs/{undone.get_json()['jobId']}").get_json()["purpose"] == "undo"


def test_a_check_then_the_run_itself(running_app: Flask, running: Caller) -> None:
    content = b"carrier,name\nQ7,Seven\n"
    check_id = running.send(content=content, data='{"check": true}').get_json()["jobId"]
    run(running_app, check_id)
    check = running.get(f"/jobs/{check_id}").get_json()
    assert (check["purpose"], check["status"], check["counts"]["created"]) == (
        "check",
        "completed",
        1,
    )
    job_id = running.send(content=content).get_json()["jobId"]
    run(running_app, job_id)
    assert running.get(f"/jobs/{job_id}").get_json()["counts"]["created"] == 1


def test_rerun_is_a_new_job_of_the_same_file(running_app: Flask, running: Caller) -> None:
    first = running.send(content=b"carrier,name\nQ8,Eight\n").get_json()["jobId"]
    run(running_app, first)
    answer = running.post(f"/jobs/{first}/rerun")
    second = answer.get_json()["jobId"]
    assert (answer.status_code, second != first) == (202, True)
    run(running_app, second)
    assert running.get(f"/jobs/{second}").get_json()["counts"]["failed"] == 1
