"""One exception for each kind of failure. Every message names the argument, what came, and what is allowed."""


class Error(Exception):
    """Anything aotgemm raises on purpose."""


class ShapeError(Error, ValueError):
    """A size that does not fit the others, or is not a legal multiple."""


class DtypeError(Error, TypeError):
    """An object or an element type that the call does not take."""


class LayoutError(Error, ValueError):
    """A stride or an alignment that the hardware cannot address."""


class InexactError(Error, ValueError):
    """A value that the format asked for cannot hold."""


class DeviceError(Error, RuntimeError):
    """Operands on different devices, no device, or one that the library holds no kernels for."""


class KernelMissingError(Error, LookupError):
    """No compiled kernel of that name, or none legal for the problem."""


class PlanError(Error, RuntimeError):
    """A call outside the loaded plan."""


class PlanWarning(RuntimeWarning):
    """A call outside the loaded plan, where the plan only warns."""


class CudaError(Error, RuntimeError):
    """The CUDA driver refused; the message has its code and the call."""


class RequestError(Error):
    """An option whose value does not fit the files or the machine it is used with."""
