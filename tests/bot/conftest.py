"""The post office that the messenger's tests share, on both databases."""

from collections.abc import Iterator

import pytest

from models.base import Base
from models.database import Database
from tests.support.post import Post
from tests.support.workers import sibling_url


@pytest.fixture(scope="module")
def outgoing(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with sibling_url(database_url, tmp_path_factory.mktemp("post"), "post") as url:
        database = Database(url)
        Base.metadata.create_all(database.engine)
        yield database
        database.dispose()


@pytest.fixture
def post(outgoing: Database) -> Iterator[Post]:
    post = Post(outgoing)
    yield post
    post.discard_mail()
