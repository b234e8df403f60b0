// A TCP proxy that does to a connection what networks and peers do: it refuses, hangs, cuts, delays, slices and
// corrupts.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/runtime/result.h"

namespace sluis::faults {

enum class Direction { to_server, to_client };

// What happens to connections that begin from now on. Octets are counted from 0, in one connection and one direction.
struct NetworkFault {
  bool refuse = false;  // the port is closed: connection refused
  bool close_at_once = false;
  bool never_read = false;  // accepts, and reads nothing: the client's window fills up
  bool no_reply = false;    // what the client says arrives; what the server says does not
  struct At {
    Direction direction = Direction::to_server;
    std::uint64_t octet = 0;
  };
  std::optional<At> close_at;                      // octets before it pass, then both sides are closed
  bool reset = false;                              // close_at and close_at_once end in RST instead of FIN
  std::optional<At> corrupt_at;                    // this octet arrives with one bit changed
  std::chrono::milliseconds delay{0};              // each piece, in both directions, is passed on so much later
  std::optional<std::uint64_t> octets_per_second;  // in each direction
  bool slice = false;                              // every octet is a segment of its own

  // Words as the program and Python tests give them: "refuse", "close-at-once", "never-read", "no-reply",
  // "close-at to-client 100", "reset-at to-server 3", "corrupt-at to-server 17", "delay 250", "rate 4096", "slice",
  // "pass"; several are joined with ", ". Error "fault.unknown".
  static Result<NetworkFault> parse(std::string_view words);
};

// Listens on a free port of 127.0.0.1 and passes on to host:port.
// [Threading] any thread; connections are served on one thread of its own. [Errors] make: "fault.listen",
// "fault.resolve".
class TcpProxy {
 public:
  static Result<std::unique_ptr<TcpProxy>> make(const std::string& host, std::uint16_t port);
  virtual ~TcpProxy() = default;

  [[nodiscard]] virtual std::uint16_t port() const = 0;
  // In force for connections accepted after it returns; those there are keep their own.
  virtual void set(const NetworkFault& fault) = 0;
  // Closes every connection there is (reset: with RST).
  virtual void drop(bool reset) = 0;

  struct Counts {
    std::uint64_t connections = 0;
    std::uint64_t to_server = 0, to_client = 0;  // octets passed on
  };
  [[nodiscard]] virtual Counts counts() const = 0;
};

}  // namespace sluis::faults
