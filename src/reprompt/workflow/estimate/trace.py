"""What a computation costs, found by running its own code on torch's meta tensors, which have shapes and no numbers.

Every kernel that PyTorch would launch passes by: its operations by the formulas of `torch.utils.flop_counter`, the
numbers that it reads and writes, and the memory that its results take until nothing refers to them. What the backward
pass needs is alive because autograd holds it, and what is computed anew is allocated anew: the peak is the step's own.

Whole numbers and truth values are computed for real, on the CPU: they are few, and code asks them for lengths and
places. Asked for a number that is not there, the answer is 1, and asked whether all are finite, yes.
"""

import weakref
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import flop_registry

from reprompt.workflow.estimate.work import Cost, Work

aten = torch.ops.aten
META = torch.device("meta")
LAID_DOWN = F.scaled_dot_product_attention
SMALL_PRODUCTS = (aten.bmm, aten.baddbmm)
# These read of their first input no more than they write.
PICKING = (aten.embedding, aten.index, aten.index_select, aten.gather)


class Kernel(NamedTuple):
    """What a kernel does with arguments of some shapes: tensors like its results, and what it costs."""

    results: Any
    operations: float
    batched: float
    moved: float


class Trace(TorchDispatchMode):
    """Counts while it is entered. Tensors that were there before are not in the memory that it counts."""

    known: ClassVar[dict[Any, Kernel]] = {}  # of all traces: layers and learners repeat each other's kernels

    def __init__(self) -> None:
        super().__init__()
        self.held = 0
        self.alive: dict[int, weakref.ref] = {}
        self.attentions: list[Callable] = []
        self.start_over()

    def __enter__(self) -> "Trace":
        self.attentions.append(F.scaled_dot_product_attention)
        F.scaled_dot_product_attention = _attention  # on the meta device PyTorch itself would lay the weights down
        return super().__enter__()

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        F.scaled_dot_product_attention = self.attentions.pop()

    def start_over(self) -> None:
        """Count anew, but for what is held."""
        self.operations = self.batched = self.moved = self.launches = 0.0
        self.peak = self.held

    @property
    def cost(self) -> Cost:
        """What was counted."""
        return Cost(Work(self.operations, self.batched, self.moved, self.launches), self.peak)

    def __torch_dispatch__(self, kernel: OpOverload, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        kind = _kind(kernel)
        if kind == "view":
            return kernel(*args, **kwargs)
        if kind == "composite" and any(True for _ in _tensors(args)):  # without gradients nobody has taken it apart
            with self:
                return kernel.decompose(*args, **kwargs)
        packet = kernel.overloadpacket
        if "device" in kwargs:
            kwargs = _placed(packet, args, kwargs)
        if packet is aten.index:
            args = args[0], _picked(args[1])
        tensors = list(_tensors(args))
        tensors += [value for value in kwargs.values() if isinstance(value, Tensor)]
        without_numbers = sum(tensor.is_meta for tensor in tensors)
        if not without_numbers:
            return self._computed(kernel, args, kwargs)
        if packet is aten._local_scalar_dense:
            return True if tensors[0].dtype == torch.bool else 1.0
        asked = args, kwargs
        if without_numbers < len(tensors):
            asked = tree_map_only(Tensor, lambda tensor: tensor.to(META), asked)
        self._count(known := self._known(kernel, *asked))
        if kind == "in place":
            return args[0] if kernel._schema.returns else None
        return self._new(known.results)

    def _computed(self, kernel: OpOverload, args: tuple, kwargs: dict) -> Any:
        """The results of a kernel that was given numbers, or none; of those that are not whole, only their shapes."""
        results = kernel(*args, **kwargs)
        if _kind(kernel) == "in place" or not any(tensor.is_floating_point() for tensor in _tensors((results,))):
            return results
        return tree_map_only(Tensor, lambda t: self._new(t) if t.is_floating_point() else t, results)

    def _known(self, kernel: OpOverload, args: tuple, kwargs: dict) -> Kernel:
        key = (kernel, _shape(args), *((name, _shape(value)) for name, value in kwargs.items()))
        if key not in self.known:
            results = None if _kind(kernel) == "in place" else kernel(*args, **kwargs)
            self.known[key] = _counted(kernel.overloadpacket, args, kwargs, results)
        return self.known[key]

    def _count(self, kernel: Kernel) -> None:
        self.operations += kernel.operations
        self.batched += kernel.batched
        self.moved += kernel.moved
        self.launches += 1

    def _new(self, like: Any) -> Any:
        """New tensors like these, whose memory counts until the last of those that share it is gone."""
        if isinstance(like, tuple | list):
            return type(like)(map(self._new, like))
        if not isinstance(like, Tensor):
            return like
        new = torch.empty_strided(like.size(), like.stride(), dtype=like.dtype, device=META)
        storage = new.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        self.alive[key] = weakref.ref(storage, lambda _: self._free(key, size))
        self.held += size
        self.peak = max(self.peak, self.held)
        return new

    def _free(self, key: int, size: int) -> None:
        self.alive.pop(key, None)
        self.held -= size


def _attention(queries: Tensor, keys: Tensor, values: Tensor, attn_mask: Tensor | None = None, *rest: Any) -> Tensor:
    """Attention as processors and GPUs compute it, whose weights are never laid down, unless that is turned off."""
    if not torch.backends.cuda.flash_sdp_enabled():
        return LAID_DOWN(queries, keys, values, attn_mask, *rest)
    return aten._scaled_dot_product_flash_attention_for_cpu(queries, keys, values, attn_mask=attn_mask)[0]


def _placed(packet: Any, args: tuple, kwargs: dict) -> dict:
    """Where a kernel is to leave its results: whole numbers stay on the CPU, others have no place but `meta`.

    What is made like a tensor without numbers has none either: its results are remembered, and would be large.
    """
    place = kwargs["device"]
    if packet is aten._to_copy:
        is_shape = args[0].is_meta or (args[0].dtype == torch.uint8 and place == META)  # pictures are large
        place = META if is_shape else torch.device("cpu")
    elif place == META and not any(tensor.is_meta for tensor in _tensors(args)):
        place = torch.device("cpu")
    return kwargs | {"device": place}


def _picked(indices: list[Tensor | None]) -> list[Tensor | None]:
    """Indices of what truth values pick, of which a shape alone does not say how much it is."""
    picked = []
    for index in indices:
        is_mask = index is not None and index.dtype == torch.bool and not index.is_meta
        picked += index.nonzero().unbind(1) if is_mask else [index]
    return picked


@cache
def _kind(kernel: OpOverload) -> str:
    """Whether a kernel is "composite", writes "in place", sees memory in another way ("view") or makes "new".

    One that writes beside what it returns (batch normalisation, into its running means) makes new.
    """
    schema = kernel._schema
    if kernel._can_decompose():
        return "composite"
    writes = any(argument.alias_info and argument.alias_info.is_write for argument in schema.arguments)
    if writes and all(result.alias_info for result in schema.returns):
        return "in place"
    is_view = any(result.alias_info for result in schema.returns) or kernel is aten._unsafe_view.default
    return "view" if is_view and kernel is not aten.lift_fresh.default else "new"


def _tensors(values: Any) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _shape(value: Any) -> Any:
    """What a kernel's results depend on of an argument."""
    if isinstance(value, Tensor):
        return value.size(), value.stride(), value.dtype
    return tuple(map(_shape, value)) if isinstance(value, list | tuple) else value


def _counted(packet: Any, args: tuple, kwargs: dict, results: Any) -> Kernel:
    if packet in flop_registry:
        operations = float(flop_registry[packet](*args, **kwargs, out_val=results))
        return (
            Kernel(results, 0.0, operations, 0.0) if packet in SMALL_PRODUCTS else Kernel(results, operations, 0.0, 0.0)
        )
    written = sum(tensor.numel() for tensor in _tensors((results,)))
    read = sum(tensor.numel() for tensor in _tensors((*args, *kwargs.values())))
    return Kernel(results, 0.0, 0.0, float(2 * written if packet in PICKING else written + read))
