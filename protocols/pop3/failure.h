// What -ERR means for the session and the next one.
#pragma once

#include <string>
#include <string_view>

#include "protocols/pop3/client.h"
#include "protocols/pop3/response.h"

namespace sluis::pop3 {

inline Error refused(std::string_view code, std::string_view what, const Response& response) {
  return Error{code, std::string(what) + ": " + (response.text.empty() ? "(no reason given)" : response.text)};
}

// RFC 2449 §8.1 and RFC 3206; `otherwise` where the server gave no code.
inline FailureClass failure_of(const Response& response, FailureClass otherwise) {
  switch (response.code) {
    case ResponseCode::in_use: return FailureClass::in_use;
    case ResponseCode::auth: return FailureClass::authentication;
    case ResponseCode::sys_perm: return FailureClass::permanent;
    case ResponseCode::login_delay:
    case ResponseCode::sys_temp: return FailureClass::temporary;
    case ResponseCode::none:
    case ResponseCode::other: break;
  }
  return otherwise;
}

}  // namespace sluis::pop3
