"""A user that sends the body in JSARENA_BODY to JSARENA_PATH again and again, without a pause."""

import os

from locust import FastHttpUser, constant, task


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
