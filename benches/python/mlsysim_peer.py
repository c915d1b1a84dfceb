"""The Python package mlsysim's side of the peer comparison: times one round of a case on request.

Speaks the protocol that torch_peer.py describes.
Inputs are built once, as a user's script would; a round repeats the call that solves.
"""

import json
import sys
import time

import mlsysim
from mlsysim import Hardware, Models, Systems
from mlsysim.engine.solvers.distributed import DistributedModel
from mlsysim.engine.solvers.performance import SingleNodeModel


class Repeated:
    """A call and the numbers of its result that are compared."""

    def __init__(self, run, read):
        self.run, self.read = run, read

    def answer(self):
        return self.read(self.run())

    def time(self, n):
        start = time.perf_counter()
        for _ in range(n):
            self.run()
        return time.perf_counter() - start


def single_node(batch):
    solver, model, machine = SingleNodeModel(), Models.Language.Llama3_8B, Hardware.Cloud.H100
    return Repeated(
        lambda: solver.solve(model, machine, batch_size=batch),
        lambda result: [result.latency.to("s").magnitude],
    )


def training_step(batch, tp, pp, microbatches):
    solver, model, fleet = DistributedModel(), Models.Language.Llama3_70B, Systems.Clusters.Production_2K
    return Repeated(
        lambda: solver.solve(
            model, fleet, batch_size=batch, tp_size=tp, pp_size=pp, microbatch_count=microbatches
        ),
        lambda result: [result.step_latency_total.to("s").magnitude],
    )


CASES = {"single_node": single_node, "training_step": training_step}


def main():
    current = None
    for line in sys.stdin:
        request = json.loads(line)
        reply = {}
        try:
            match request["do"]:
                case "hello":
                    reply = {"mlsysim": mlsysim.__version__}
                case "prepare":
                    current = CASES[request["case"]](*request["sizes"])
                    reply = {"answer": current.answer()}
                case "reset":
                    pass
                case "time":
                    reply = {"seconds": current.time(request["n"])}
                case "end":
                    print("{}", flush=True)
                    return
                case other:
                    reply = {"error": f"unknown request {other}"}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
