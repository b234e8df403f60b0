// Where in a file something is, and the list of everything that is wrong.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/document.h"

namespace sluis::config {

// A dotted name ("accounts.digipoort.password") that is put together only when an error needs it. [Lifetime] lives on
// the stack of the code that walks the tree; what it names outlives it.
class Path {
 public:
  Path() = default;
  explicit Path(std::string_view name) : name_(name) {}
  Path(const Path& up, std::string_view name) : up_(&up), name_(name) {}
  [[nodiscard]] std::string text() const {
    if (up_ == nullptr) return std::string(name_);
    std::string text = up_->text();
    if (!text.empty() && !name_.empty()) text += '.';
    return text += name_;
  }

 private:
  const Path* up_ = nullptr;
  std::string_view name_;
};

// Collects the errors of one file. [Threading] one.
class Report {
 public:
  Report(std::string_view file, std::vector<LocatedError>& errors) : file_(file), errors_(errors) {}

  // At the value, or at its key: a wrong value is where it stands, an unknown or incomplete thing where its name
  // stands.
  void at(const Node& node, const Path& path, std::string_view what) { add(node.line, node.column, path, what); }
  void at_key(const Node& node, const Path& path, std::string_view what) {
    node.key.empty() ? at(node, path, what) : add(node.key_line, node.key_column, path, what);
  }
  [[nodiscard]] Place place(const Node& node) const { return {std::string(file_), node.line, node.column}; }
  [[nodiscard]] Place key_place(const Node& node) const {
    return node.key.empty() ? place(node) : Place{std::string(file_), node.key_line, node.key_column};
  }
  [[nodiscard]] std::string_view file() const { return file_; }
  [[nodiscard]] std::size_t count() const { return errors_.size(); }

 private:
  void add(int line, int column, const Path& path, std::string_view what) {
    std::string text = path.text();
    if (!text.empty()) text += ": ";
    errors_.push_back({{std::string(file_), line, column}, text += what});
  }

  std::string_view file_;
  std::vector<LocatedError>& errors_;
};

}  // namespace sluis::config
