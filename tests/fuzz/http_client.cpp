// The HTTP client machine against a server that says anything.
#include <algorithm>

#include "core/net/http/client_machine.h"
#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::net::http;

namespace {

constexpr std::uint64_t largest_body = 2048;

MessageLimits limits() {
  MessageLimits small;
  small.start_line = 300;
  small.header_fields = 20;
  small.header_bytes = 1000;
  small.chunk_extension = 50;
  small.trailer_bytes = 200;
  small.body = largest_body;
  return small;
}

class Owner {
 public:
  explicit Owner(unsigned choice) : machine_(limits()), choice_(choice) { ask(); }

  void hear(std::string_view bytes) {
    machine_.receive(bytes);
    run();
  }
  void end() {
    machine_.end_of_stream((choice_ & 8U) != 0);
    run();
    require(!machine_.reusable(), "a stream that has ended carries no more requests");
  }
  // The next request, where the connection allows it.
  void ask() {
    if (machine_.in_exchange() || !machine_.reusable() || asked_ == 5) return;
    head_ = (choice_ & 1U) != 0 && asked_ % 2 == 0;
    const bool unfinished = (choice_ & 4U) != 0 && asked_ == 2;
    require(machine_.request(head_ ? "HEAD" : "POST", "/x", "peer.example", {}, unfinished ? 10 : 2).ok() &&
                machine_.write_body("ok").ok(),
            "a request can be written");
    if (!unfinished) require(machine_.end_body().ok(), "a request can be ended");
    machine_.output().clear();
    ++asked_;
    responding_ = false;
    body_ = 0;
  }
  void check() const {
    require(answered_ <= asked_, "no more answers than requests");
    require(refused_ <= 1, "refused once");
  }

 private:
  void run() {
    for (;;) {
      switch (machine_.next()) {
        case ClientMachine::Event::none: return;
        case ClientMachine::Event::response:
          require(!responding_, "one response to a request");
          responding_ = true;
          require(machine_.response().status >= 200 && machine_.response().status < 600, "a final status");
          for (const auto& [name, value] : machine_.response().headers)
            require(is_token(name) && is_field_value(value), "fields are what they must be");
          require(machine_.response().headers.size() <= 20, "fields within the limit");
          break;
        case ClientMachine::Event::body:
          require(responding_ && !head_ && !bodiless(machine_.response().status), "a body where there may be one");
          body_ += machine_.body().size();
          require(body_ <= largest_body, "a body within the limit");
          break;
        case ClientMachine::Event::end:
          require(responding_, "an end behind a head");
          require(head_ || bodiless(machine_.response().status) || !machine_.content_length() ||
                      *machine_.content_length() == body_,
                  "a body as long as it says");
          ++answered_;
          responding_ = false;
          break;
        case ClientMachine::Event::refused:
          ++refused_;
          require(!machine_.refusal().code.empty(), "a refusal has a reason");
          require(!machine_.reusable(), "no request behind a refusal");
          return;
      }
    }
  }

  ClientMachine machine_;
  const unsigned choice_;
  bool head_ = false;
  bool responding_ = false;
  std::uint64_t body_ = 0;
  std::size_t asked_ = 0;
  std::size_t answered_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace

// The first octet chooses what is asked and how the stream ends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  Owner owner(data[0]);
  std::string_view input = text(data + 1, size - 1);
  while (!input.empty()) {
    std::string_view piece = take_piece(input);
    if ((data[0] & 16U) == 0) {
      owner.hear(piece);
    } else {
      for (; !piece.empty(); piece.remove_prefix(1)) owner.hear(piece.substr(0, 1));
    }
    owner.ask();
  }
  if ((data[0] & 2U) != 0) owner.end();
  owner.check();
  return 0;
}
