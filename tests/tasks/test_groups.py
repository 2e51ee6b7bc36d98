"""Groups of tasks, in the order in which the papers have them."""

import pytest

from reprompt.tasks.card import cards
from reprompt.tasks.groups import expanded, groups, members

COOP = (
    *("imagenet", "caltech101", "oxford_pets", "stanford_cars", "flowers102", "food101", "fgvc_aircraft", "sun397"),
    *("dtd", "eurosat", "ucf101"),
)


def test_the_order_is_that_of_the_papers():
    assert members("datasets11") == COOP
    assert members("sources11")[:5] == ("imagenet", "caltech101", "food101", "stanford_cars", "oxford_pets")
    assert members("imagenet4") == ("imagenet_v2", "imagenet_sketch", "imagenet_a", "imagenet_r")
    assert list(members("elevater20")) == sorted(members("elevater20")), "ELEVATER's order is the alphabet's"
    assert members("web") == ("corpus", "webvision")


@pytest.mark.parametrize("group", ("datasets11", "sources11", "imagenet4", "elevater20", "web"))
def test_every_place_of_a_group_is_taken_once(group):
    places = [card.groups[group] for card in cards().values() if group in card.groups]
    assert sorted(places) == list(range(1, len(members(group)) + 1))


def test_a_number_at_the_end_of_a_groups_name_is_its_size():
    for group, tasks in groups().items():
        assert group == "web" or group.endswith(str(len(tasks)))
        assert len(set(tasks)) == len(tasks)


def test_what_follows_from_other_groups():
    assert set(members("sources11")) == set(members("datasets11"))
    assert members("targets10") == COOP[1:]
    assert members("sources10") == members("sources11")[1:]
    assert set(members("elevater12")) == set(members("elevater20")) - set(COOP)


def test_a_task_stands_for_itself_and_a_name_of_nothing_is_left():
    assert members("dtd") == ("dtd",)
    assert expanded("imagenet4") == members("imagenet4")
    assert expanded(["dtd", "web", "dtt"]) == ("dtd", *members("web"), "dtt")
    assert expanded("dtd") == "dtd", "a list is asked for, as of other values"
    assert expanded([1]) == (1,)
