// Bytes on their way out: appended at the end, taken from the front.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluis::net {

// [Threading] a value.
class ByteQueue {
 public:
  [[nodiscard]] bool empty() const { return head_ == bytes_.size(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size() - head_; }
  [[nodiscard]] std::string_view front() const { return std::string_view(bytes_).substr(head_); }
  void append(std::string_view bytes) { tail().append(bytes); }
  // To append in place.
  std::string& tail() {
    // Moving what is left costs less than what has been taken since the last move, so each octet is moved once at most.
    if (head_ > bytes_.size() / 2) {
      bytes_.erase(0, head_);
      head_ = 0;
    }
    return bytes_;
  }
  void take(std::size_t count) {
    head_ += count;
    if (head_ == bytes_.size()) clear();
  }
  void clear() {
    // An idle connection keeps no buffer: thousands of them are the normal case.
    if (bytes_.capacity() > 4096) std::string().swap(bytes_);
    bytes_.clear();
    head_ = 0;
  }

 private:
  std::string bytes_;
  std::size_t head_ = 0;
};

}  // namespace sluis::net
