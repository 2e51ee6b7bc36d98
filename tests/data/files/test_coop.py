"""CoOp's data sets: class names, label order and splits."""

import json
import shutil

import numpy as np
import pytest
from scipy.io import savemat

from reprompt.data.files import coop
from reprompt.data.files.listing import path_hash


def names(listing):
    return list(listing.class_names)


@pytest.mark.parametrize("split_file", [True, False])
def test_caltech_drops_two_folders_and_orders_labels_by_the_folders_own_names(made, split_file):
    listing = coop.caltech101(made("caltech101", split_file=split_file))
    assert names(listing) == ["face", "leopard", "accordion", "airplane"]
    folders = {item.path.parent.name for item in (*listing.train, *listing.test)}
    assert folders == {"Faces", "Leopards", "accordion", "airplanes"}


@pytest.mark.parametrize("split_file", [True, False])
def test_the_year_of_a_car_moves_to_the_front(made, split_file):
    listing = coop.stanford_cars(made("stanford_cars", split_file=split_file))
    assert names(listing) == ["2000 AM General Hummer SUV", "2012 Acura RL Sedan", "2012 Ram C/V Cargo Van Minivan"]


@pytest.mark.parametrize("split_file", [True, False])
def test_a_nested_place_of_sun397_is_reversed(made, split_file):
    listing = coop.sun397(made("sun397", split_file=split_file))
    assert names(listing) == ["abbey", "indoor apse", "outdoor cathedral"]


@pytest.mark.parametrize("split_file", [True, False])
def test_eurosat_has_names_of_its_own(made, split_file):
    assert names(coop.eurosat(made("eurosat", split_file=split_file))) == [
        *("Annual Crop Land", "Forest", "Herbaceous Vegetation Land", "Highway or Road", "Industrial Buildings"),
        *("Pasture Land", "Permanent Crop Land", "Residential Buildings", "River", "Sea or Lake"),
    ]


def test_eurosat_is_also_read_from_the_folder_that_zenodo_has(made):
    folder = made("eurosat")
    first = coop.eurosat(folder)
    (folder / "2750").rename(folder / "EuroSAT_RGB")
    assert [item.label for item in coop.eurosat(folder).train] == [item.label for item in first.train]


@pytest.mark.parametrize("split_file", [True, False])
def test_breeds_are_lower_case_and_in_the_official_order(made, split_file):
    listing = coop.oxford_pets(made("oxford_pets", split_file=split_file))
    assert names(listing) == ["abyssinian", "american_bulldog", "yorkshire_terrier"]


@pytest.mark.parametrize("split_file", [True, False])
def test_an_action_is_cut_at_its_capitals(made, split_file):
    listing = coop.ucf101(made("ucf101", split_file=split_file))
    assert names(listing) == ["Apply_Eye_Makeup", "Archery", "Yo_Yo"]
    assert listing.test[0].path.parts[-2:] == ("Apply_Eye_Makeup", "v_ApplyEyeMakeup_g01_c01.jpg")


def test_variants_of_aircraft_keep_slashes_and_the_order_of_their_list(made):
    listing = coop.fgvc_aircraft(made("fgvc_aircraft"))
    assert names(listing) == ["707-320", "Boeing 717", "F-16A/B"]
    assert len(listing.train) == 12  # the official training list alone, without validation
    listed = (made("fgvc_aircraft") / "images_variant_val.txt").read_text().splitlines()
    assert [item.path.stem for item in listing.validation] == [line.split()[0] for line in listed]


def test_labels_of_flowers_are_those_of_the_matlab_file(made):
    folder = made("flowers102", split_file=False)
    listing = coop.flowers102(folder)
    assert names(listing) == ["pink primrose", "hard-leaved pocket orchid", "colt's foot"]
    number = {item.path.name: item.label for item in (*listing.train, *listing.test)}
    assert all(label == (int(name[6:11]) - 1) % 3 for name, label in number.items())


def test_our_own_split_takes_half_a_fifth_and_the_rest_of_each_class_in_the_order_of_hashes(made):
    folder = made("dtd", per_class=5, split_file=False)
    listing = coop.dtd(folder)
    paths = sorted((folder / "images" / "banded").iterdir(), key=lambda p: path_hash(p.relative_to(folder).as_posix()))
    assert [item.path for item in listing.train if item.label == 0] == paths[:5]
    assert [item.path for item in listing.validation if item.label == 0] == paths[5:7]
    assert [item.path for item in listing.test if item.label == 0] == paths[7:]


def test_validation_pictures_are_those_of_the_split_file(made):
    folder = made("dtd")
    listing, lists = coop.dtd(folder), json.loads((folder / "split_zhou_DescribableTextures.json").read_text())
    assert [item.path for item in listing.validation] == [folder / "images" / path for path, *_ in lists["val"]]
    used = [{item.path for item in part} for part in (listing.train, listing.validation, listing.test)]
    assert all(used) and len(set.union(*used)) == sum(map(len, used)), "no picture is in two of them"


def test_the_official_test_set_is_kept_where_there_is_one(made):
    folder = made("oxford_pets", per_class=4, split_file=False)
    listing = coop.oxford_pets(folder)
    listed = [line.split()[0] for line in (folder / "annotations" / "test.txt").read_text().splitlines()]
    assert [item.path.stem for item in listing.test] == listed
    assert len(listing.train) == 12 and len(listing.validation) == 3  # of five per class one is held out


def test_a_data_set_may_lie_anywhere(made, tmp_path):
    folder = made("dtd", split_file=False)
    first = [item.name(folder) for item in coop.dtd(folder).train]
    moved = tmp_path / "elsewhere"
    shutil.move(folder, moved)
    assert [item.name(moved) for item in coop.dtd(moved).train] == first


def test_a_split_file_that_names_a_missing_picture_says_how_many_are_missing(made):
    folder = made("dtd")
    (folder / "images" / "banded" / "banded_0002.jpg").unlink()
    (folder / "images" / "banded" / "banded_0001.jpg").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"banded_0001.jpg, which is not there \(2 of 32 pictures are missing\)"
    ):
        coop.dtd(folder)


def test_a_missing_class_folder_is_an_error_with_and_without_a_split_file(made):
    folder = made("food101")
    shutil.rmtree(folder / "images" / "tacos")
    with pytest.raises(FileNotFoundError, match=r"split_zhou_Food101.json names .*tacos.*missing"):
        coop.food101(folder)
    (folder / "split_zhou_Food101.json").unlink()
    with pytest.raises(FileNotFoundError, match="tacos"):
        coop.food101(folder)


def test_an_empty_class_folder_is_an_error(made):
    folder = made("dtd", split_file=False)
    for picture in (folder / "images" / "banded").iterdir():
        picture.unlink()
    with pytest.raises(ValueError, match="banded has no pictures"):
        coop.dtd(folder)


def test_a_class_with_too_few_pictures_to_split_is_an_error(made):
    folder = made("dtd", per_class=1, split_file=False)
    with pytest.raises(ValueError, match="banded has 2 pictures: too few"):
        coop.dtd(folder)


def rewrite(folder, change):
    path = folder / "split_zhou_DescribableTextures.json"
    lists = json.loads(path.read_text())
    change(lists)
    path.write_text(json.dumps(lists))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lists: lists.pop("test"), "not a split file"),
        (lambda lists: lists["train"].append(["banded/banded_0001.jpg", 3]), "not a split file"),
        (lambda lists: lists["train"][0].__setitem__(2, "striped"), "label 0 is both 'striped' and 'banded'"),
        (
            lambda lists: lists.update(train=[entry for entry in lists["train"] if entry[1] != 1]),
            "no training picture of label 1",
        ),
        (lambda lists: lists["test"][0].__setitem__(1, 9), "test label 9 is not one of 4 classes"),
        (lambda lists: lists.update(train=[]), "no training picture of label 0"),
        (lambda lists: lists.update(test=[]), "no test pictures"),
    ],
)
def test_a_wrong_split_file_is_an_error_that_says_what_is_wrong(made, change, message):
    folder = made("dtd")
    rewrite(folder, change)
    with pytest.raises(ValueError, match=message):
        coop.dtd(folder)


def test_a_truncated_split_file_is_an_error(made, layouts):
    folder = made("dtd")
    layouts.truncate(folder / "split_zhou_DescribableTextures.json")
    with pytest.raises(ValueError, match="not valid JSON"):
        coop.dtd(folder)


def test_a_truncated_matlab_file_is_an_error(made, layouts):
    folder = made("stanford_cars", split_file=False)
    layouts.truncate(folder / "devkit" / "cars_meta.mat")
    with pytest.raises(ValueError, match=r"cars_meta.mat: cannot be read"):
        coop.stanford_cars(folder)


@pytest.mark.parametrize(
    ("task", "file", "line", "message"),
    [
        ("oxford_pets", "annotations/test.txt", "Abyssinian_9", "is not a picture's name and its class"),
        ("oxford_pets", "annotations/test.txt", "Abyssinian_9 first", "is not a picture's name and its class"),
        ("ucf101", "ucfTrainTestlist/classInd.txt", "4", "is not a number and a class"),
        ("ucf101", "ucfTrainTestlist/testlist01.txt", "Diving/v_Diving.avi", "names the class 'Diving', which"),
        ("sun397", "Testing_01.txt", "/z/zoo/sun_1.jpg", "names the class 'z/zoo', which"),
    ],
)
def test_a_wrong_line_of_an_official_list_is_an_error_that_names_the_file(made, task, file, line, message):
    folder = made(task, split_file=False)
    with (folder / file).open("a") as opened:
        opened.write(line + "\n")
    with pytest.raises(ValueError, match=f"{file}.*{message}"):
        getattr(coop, task)(folder)


def test_a_list_without_labels_in_place_of_the_one_with_labels_is_an_error(made):
    folder = made("stanford_cars", split_file=False)
    unlabelled = np.array([[("00001.jpg",)]], [("fname", object)])
    savemat(folder / "cars_test_annos_withlabels.mat", {"annotations": unlabelled})
    with pytest.raises(ValueError, match=r"cars_test_annos_withlabels.mat: pictures lack a name or a class"):
        coop.stanford_cars(folder)


def test_a_flower_without_a_name_is_an_error(made):
    folder = made("flowers102", split_file=False)
    (folder / "cat_to_name.json").write_text('{"1": "pink primrose", "3": "sweet pea"}')
    with pytest.raises(ValueError, match=r"cat_to_name.json: has no name for '2'"):
        coop.flowers102(folder)


def test_a_list_that_is_no_text_is_an_error(made):
    folder = made("fgvc_aircraft")
    (folder / "variants.txt").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ValueError, match=r"variants.txt: not a text file"):
        coop.fgvc_aircraft(folder)
