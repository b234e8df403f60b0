// OpenSSL's error queue as words.
#pragma once

#include <string>

namespace sluis::net {

// The reason on top of this thread's queue ("no start line"), and the queue is emptied; "unknown reason" when there is
// none.
std::string take_openssl_reason();

}  // namespace sluis::net
