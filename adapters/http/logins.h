// Who is asking: bearer tokens and client certificates of all customers, found by their hashes.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/channel/customer.h"
#include "core/net/address.h"
#include "core/net/http/handler.h"
#include "core/runtime/clock.h"
#include "core/runtime/digest.h"

namespace sluis::http {

// The logins of one state of the accounts. What is looked up is the hash of what the client showed, so that the time it
// takes says nothing about any token, and a thousand customers cost what one does.
// [Threading] immutable.
class LoginIndex {
 public:
  explicit LoginIndex(const std::vector<std::shared_ptr<const Account>>& accounts);
  // `token` as it came, or nothing; `certificate`: the fingerprint that TLS has verified, in hexadecimal, or nothing.
  // Null: nobody. (RFC 6750 §2.1; certificates bound to tokens as in RFC 8705 §3.)
  [[nodiscard]] std::shared_ptr<const Account> find(std::optional<std::string_view> token,
                                                    std::optional<std::string_view> certificate) const;

 private:
  struct Login {
    Sha256 hash{};
    std::shared_ptr<const Account> account;  // shared with the generation
    std::vector<Sha256> certificates;        // any of them besides; empty: none is asked for
  };
  struct FirstOctets {
    std::size_t operator()(const Sha256& digest) const;
  };
  using Table = std::unordered_map<Sha256, Login, FirstOctets>;
  [[nodiscard]] static const Login* look_up(const Table& table, const Sha256& hash);

  Table by_token_;
  Table by_certificate_;  // accounts that have no tokens
};

// Failed logins by address and minute. An address that is over the limit is told to wait; a valid login from it still
// gets in, for others may share it, and a token of 256 random bits is not guessed.
// [Threading] any thread.
class FailedLogins {
 public:
  FailedLogins(const Clock& clock, int most) : clock_(clock), most_(most) {}
  // Counts one. How long to wait, when it was one too many.
  std::optional<Duration> failed(const net::Address& peer);

 private:
  const Clock& clock_;
  const int most_;
  std::mutex mutex_;
  MonoTime since_{};
  std::map<std::string, int, std::less<>> counts_;
};

// The token of an Authorization field; nothing when there is none or it is not one Bearer token.
std::optional<std::string_view> bearer_token(const net::http::Headers& headers);

}  // namespace sluis::http
