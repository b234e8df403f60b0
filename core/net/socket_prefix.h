// What stands in front of a stream and is not part of it: taken from the socket to the octet, nothing behind it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "core/runtime/result.h"

namespace sluis::net {

// What waits in the socket, without taking it; 0: nothing for the moment. [Errors] "net.eof", "net.reset", "net.io"
Result<std::size_t> peek_socket(int fd, char* buffer, std::size_t size);
void drop_from_socket(int fd, std::size_t count);

// Gives the machine what waits and takes from the socket only what the machine took, so that whoever reads next begins
// where its own octets begin. True: the machine has all it wants; false: more must come. The machine's own limits bound
// how much is read. Machine: Result<bool> take(std::string_view& bytes), which takes all of it unless it is done.
template <class Machine>
Result<bool> take_from_socket(int fd, Machine& machine) {
  for (;;) {
    std::array<char, 4096> buffer;
    const Result<std::size_t> waiting = peek_socket(fd, buffer.data(), buffer.size());
    if (!waiting) return waiting.error();
    if (*waiting == 0) return false;
    std::string_view bytes(buffer.data(), *waiting);
    const Result<bool> done = machine.take(bytes);
    drop_from_socket(fd, *waiting - bytes.size());
    if (!done || *done) return done;
  }
}

}  // namespace sluis::net
