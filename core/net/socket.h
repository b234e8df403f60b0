// Making sockets: every one non-blocking and closed on exec, every failure with the words of the kernel.
#pragma once

#include <string>

#include "core/net/address.h"
#include "core/net/file_descriptor.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::net {

// [Errors] "net.socket", "net.listen" with the address and the reason of the kernel.
SLUIS_CORE_API Result<FileDescriptor> make_stream_socket(int family);
// Bound and listening, SO_REUSEADDR. "[::]" takes IPv4 too. A local socket's file gets mode 0600 before anyone can
// connect; one left behind by a process that is gone is replaced, one that answers is refused, anything else than a
// socket is refused.
SLUIS_CORE_API Result<FileDescriptor> make_listening_socket(const Address& address, int backlog);
// The address a socket is bound to.
SLUIS_CORE_API Address local_address(int fd);

}  // namespace sluis::net
