"""Faults: all are counted, the first five listed, each on one line."""

from tests.data.manifest_files import fault


def test_all_faults_are_counted_and_the_first_five_listed(tmp_path):
    lines = [f"a/{i}.png,1,01,1,v{i},x,train" for i in range(6)]
    message = fault(tmp_path, *lines)
    assert message.startswith("12 faults: line 2, pai: ")
    assert message.count("; line ") == 4
    assert message.endswith("; +7 more")


def test_long_and_multiline_values_stay_on_one_line(tmp_path):
    message = fault(tmp_path, f'a/1.png,"{"x" * 500}\nY",01,1,v1,0,train')
    assert len(message) < 200
