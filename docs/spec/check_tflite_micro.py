#!/usr/bin/env python3
"""Runs a .tflite file in TensorFlow Lite Micro's own interpreter and compares element for element.

usage: check_tflite_micro.py MODEL.tflite INPUTS.bin OUTPUTS.bin

INPUTS.bin holds N inputs of the model one after the other, as the raw bytes of the input tensor;
OUTPUTS.bin the N outputs expected for them. Prints how many outputs and elements agree.

Needs Python 3.11 with the packages `tflite_micro` and `numpy`. It is a check by hand against an
independent implementation, not part of the tests.

exit codes: 0 everything equal, 1 a difference, 2 wrong usage or files that do not fit.
"""

import pathlib
import sys


def fail(message):
    print(f"check_tflite_micro: {message}", file=sys.stderr)
    sys.exit(2)


def read(path):
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        fail(f"{path}: {error.strerror}")


def main(arguments):
    if len(arguments) != 3:
        fail(__doc__.splitlines()[2])
    try:
        import numpy as np
        from tflite_micro.python.tflite_micro import runtime
    except ImportError as error:
        fail(f"{error}; install the packages tflite_micro and numpy for Python 3.11")

    model, inputs, expected = (read(path) for path in arguments)
    interpreter = runtime.Interpreter.from_bytes(model)
    given, wanted = interpreter.get_input_details(0), interpreter.get_output_details(0)
    in_shape, out_shape = (tuple(map(int, d["shape"])) for d in (given, wanted))
    in_type, out_type = np.dtype(given["dtype"]), np.dtype(wanted["dtype"])
    in_bytes = int(np.prod(in_shape)) * in_type.itemsize
    out_bytes = int(np.prod(out_shape)) * out_type.itemsize
    count = len(inputs) // in_bytes
    if count == 0 or len(inputs) != count * in_bytes:
        fail(f"{arguments[1]}: {len(inputs)} bytes is not a multiple of the input's {in_bytes}")
    if len(expected) != count * out_bytes:
        fail(f"{arguments[2]}: {len(expected)} bytes where {count} outputs of {out_bytes} are {count * out_bytes}")

    print(f"input  {in_shape} {in_type}, quantization {given.get('quantization_parameters')}")
    print(f"output {out_shape} {out_type}, quantization {wanted.get('quantization_parameters')}")
    wrong_elements, wrong_outputs, first = 0, 0, None
    for i in range(count):
        x = np.frombuffer(inputs, in_type, offset=i * in_bytes, count=in_bytes // in_type.itemsize)
        want = np.frombuffer(expected, out_type, offset=i * out_bytes, count=out_bytes // out_type.itemsize)
        interpreter.set_input(x.reshape(in_shape).copy(), 0)
        interpreter.invoke()
        got = interpreter.get_output(0).reshape(-1)
        differ = np.nonzero(got != want)[0]
        if len(differ):
            wrong_elements += len(differ)
            wrong_outputs += 1
            if first is None:
                first = (i, int(differ[0]), int(got[differ[0]]), int(want[differ[0]]))
    elements = count * (out_bytes // out_type.itemsize)
    print(f"outputs equal: {count - wrong_outputs} of {count}; elements equal: {elements - wrong_elements} of {elements}")
    if first:
        print("first difference: input {}, element {}: interpreter {}, expected {}".format(*first))
    return 1 if wrong_elements else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
