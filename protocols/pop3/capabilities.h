// What a POP3 server says it can do (CAPA, RFC 2449 §5).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "protocols/sasl/sasl.h"

namespace sluis::pop3 {

// One CAPA listing. add() takes it line by line, without the final dot; keywords are compared whole and in any case,
// and what is not known is passed over. A value.
struct SLUIS_PROTOCOLS_API Capabilities {
  bool stls = false;
  bool user = false;
  bool uidl = false;
  bool top = false;
  bool pipelining = false;
  bool resp_codes = false;
  bool auth_resp_code = false;
  std::vector<sasl::Mechanism> sasl;  // those that we know
  std::optional<std::chrono::seconds> login_delay;
  std::string implementation;

  void add(std::string_view line);
  [[nodiscard]] bool offers(sasl::Mechanism mechanism) const;
};

}  // namespace sluis::pop3
