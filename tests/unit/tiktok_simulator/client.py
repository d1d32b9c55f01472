"""An HTTP client of the simulated TikTok that uses nothing of the layer."""

from typing import Any

import requests

from local.tiktok_simulator import DemoToken, Simulator


class Client:
    """Sends requests over one connection; ``data`` returns the data of a response that must be a success."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.session = requests.Session()

    def get(self, path: str, token: str | None = DemoToken.OWNER, **query: Any) -> dict[str, Any]:
        return self._read(
            self.session.get(f"{self.simulator.base_url}/{path}", params=query, headers=headers_of(token), timeout=5)
        )

    def post(self, path: str, token: str | None = DemoToken.MEDIA_BUYER, **body: Any) -> dict[str, Any]:
        return self._read(
            self.session.post(f"{self.simulator.base_url}/{path}", json=body, headers=headers_of(token), timeout=5)
        )

    def data(self, path: str, token: str = DemoToken.OWNER, **query: Any) -> dict[str, Any]:
        response = self.get(path, token, **query)
        assert response["code"] == 0, response
        data: dict[str, Any] = response["data"]
        return data

    @staticmethod
    def _read(response: requests.Response) -> dict[str, Any]:
        assert response.status_code == 200, response.text
        envelope: dict[str, Any] = response.json()
        assert response.headers["X-TT-LOGID"] == envelope["request_id"]
        return envelope


def headers_of(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Access-Token": token}
