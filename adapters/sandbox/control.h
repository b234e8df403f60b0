// A local socket for whoever runs the rehearsal: one line in, one line out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/net/listener.h"

namespace sluis::sandbox {

// [Threading] `answer` comes on a loop and does not block. [Errors] those of Listener; a line over 4096 octets ends the
// connection. The socket file has mode 0600: who may open it may make the sandbox misbehave.
Result<std::unique_ptr<net::Listener>> open_control(net::LoopGroup& loops, const std::string& path,
                                                    std::function<std::string(std::string_view)> answer);

}  // namespace sluis::sandbox
