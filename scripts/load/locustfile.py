"""A user that sends the body in JSARENA_BODY to JSARENA_PATH again and again, without a pause."""

import os

import gevent
from locust import FastHttpUser, constant, events, stats, task


class Client(FastHttpUser):
    wait_time = constant(0)
    path = os.environ["JSARENA_PATH"]
    body = os.environ["JSARENA_BODY"]

    @task
    def execute(self):
        headers = {"content-type": "application/json"}
        with self.client.post(self.path, data=self.body, headers=headers, catch_response=True) as response:
            if response.status_code != 200 or '"ok":true' not in response.text:
                response.failure(f"{response.status_code}: {response.text[:80]}")


@events.quit.add_listener
def wait_for_the_last_rows(**_):
    """Locust writes its CSV files once in an interval, and not at the end: the last requests would be missing."""
    gevent.sleep(2 * stats.CSV_STATS_INTERVAL_SEC)
