#include "tests/config/corpus.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "config/schema.h"
#include "config/tables.h"
#include "tests/config/test_adapter.h"

namespace sluis::config::tests {

namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  ASSERT_TRUE(out.good()) << file;
}

}  // namespace

void keep_for_schemas(const std::string& folder, const Loaded& loaded) {
  const char* corpus = std::getenv("SLUIS_SCHEMA_CORPUS");
  if (corpus == nullptr) return;
  static int number = 0;
  const std::filesystem::path into = std::filesystem::path(corpus) / std::to_string(++number);
  std::filesystem::create_directories(into);
  std::filesystem::copy(folder, into / "config", std::filesystem::copy_options::recursive);
  nlohmann::json errors = nlohmann::json::array();
  for (const auto& error : loaded.errors) errors.push_back({{"file", error.place.file}, {"what", error.what}});
  write(into / "errors.json", errors.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  const SchemaChannels channels = channels_of(folder, test_registry());
  for (const FileSpec& file : tables::files)
    write(into / (std::string(file.kind) + ".schema.json"), json_schema(file, test_registry(), channels));
}

}  // namespace sluis::config::tests
