import json
from typing import Any

from stockroom.facebook.callback import fitting


def answer(pages: int) -> dict[str, Any]:
    each = [{"page_id": str(number), "result": {"status": "success"}} for number in range(pages)]
    data = [{"id": str(number), "description": "d" * 1000} for number in range(pages)]
    return {"pages": {"data": data}, "webhook_test": {}, "polling_test": each, "upload_status_result": each}


def below(limit: int) -> Any:
    return lambda shown: len(json.dumps(shown)) < limit


def test_answer_that_fits_is_given_whole() -> None:
    whole = answer(100)
    assert fitting(whole, below(200_000)) == whole


def test_of_an_answer_that_is_too_long_the_first_pages_are_shown_and_it_says_so() -> None:
    shown = fitting(answer(100), below(50_000))
    assert [page["id"] for page in shown["pages"]["data"]] == [str(number) for number in range(25)]
    assert len(shown["polling_test"]) == len(shown["upload_status_result"]) == 25
    assert shown["pages"]["part"]["of"] == 100


def test_where_no_page_fits_the_search_ends() -> None:
    shown = fitting(answer(3), lambda _: False)
    assert shown["pages"]["data"] == []
