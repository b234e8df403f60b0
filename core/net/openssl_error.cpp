#include "core/net/openssl_error.h"

#include <openssl/err.h>

namespace sluis::net {

std::string take_openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  std::string text = reason != nullptr ? reason : "unknown reason";
  ERR_clear_error();
  return text;
}

}  // namespace sluis::net
