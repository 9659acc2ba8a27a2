"""The post office that the messenger's tests share, on both databases."""

from collections.abc import Iterator

import pytest

from models.database import Database
from tests.support.post import Post, empty_database


@pytest.fixture(scope="module")
def outgoing(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with empty_database(database_url, tmp_path_factory.mktemp("post"), "post") as database:
        yield database


@pytest.fixture
def post(outgoing: Database) -> Iterator[Post]:
    post = Post(outgoing)
    yield post
    post.discard_mail()
