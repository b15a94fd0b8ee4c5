"""The locked Prefect and FastAPI fit together: a plain install picks a FastAPI with which the server cannot start."""

import subprocess
import sys


def test_the_dashboards_server_can_be_created(tmp_path):
    code = "from prefect.server.api.server import create_app; print(len(create_app().routes) > 0)"
    environment = {"PREFECT_HOME": str(tmp_path), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().endswith("True")
