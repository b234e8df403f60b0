#include "core/net/file_descriptor.h"

#include <unistd.h>

namespace sluis::net {

void FileDescriptor::reset() noexcept {
  // Linux frees the descriptor even when close() says EINTR; closing again could close somebody else's.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace sluis::net
