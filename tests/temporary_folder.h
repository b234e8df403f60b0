// A folder of the test's own, gone with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluis::tests {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluis-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;   // nothing a test could do about it
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string path(std::string_view below = {}) const { return below.empty() ? path_.string() : (path_ / below).string(); }
  std::string make(std::string_view below) const {
    std::filesystem::create_directories(path_ / below);
    return path(below);
  }
  void write(std::string_view below, std::string_view bytes) const { std::ofstream(path_ / below, std::ios::binary) << bytes; }
  [[nodiscard]] std::string read(std::string_view below) const {
    std::ifstream in(path_ / below, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] bool has(std::string_view below) const { return std::filesystem::exists(path_ / below); }
  [[nodiscard]] std::set<std::string> names(std::string_view below = {}) const {
    std::set<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(path_ / below)) out.insert(entry.path().filename().string());
    return out;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace sluis::tests
