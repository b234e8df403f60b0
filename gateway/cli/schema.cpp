// sluis schema: JSON Schemas of the configuration's files, for editors.
#include "config/schema.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "config/tables.h"
#include "gateway/cli/program.h"

namespace sluis::gateway {

namespace {

namespace fs = std::filesystem;

struct SchemaQuestion {
  std::string kind, folder;
};

std::string schema_file(const config::FileSpec& file) {
  return fmt::format("{}.schema.json", file.kind);
}

int list_kinds(const Program& program) {
  if (program.globals().json) {
    std::fputs(config::tables_json().c_str(), stdout);
    return 0;
  }
  std::string text;
  for (const config::FileSpec& file : config::tables::files) text += fmt::format("{:<10} {}\n", file.kind, file.file);
  std::fputs(text.c_str(), stdout);
  return 0;
}

// What tells an editor which schema a file has: a line in the file itself, or the editor's own settings.
std::string editor_words(const fs::path& folder, const fs::path& config) {
  std::string lines, settings;
  for (const config::FileSpec& file : config::tables::files) {
    const std::string schema = (folder / schema_file(file)).string();
    lines += fmt::format("  {:<16} # yaml-language-server: $schema={}\n", file.file, schema);
    settings += fmt::format("{}    {}: {}", settings.empty() ? "" : ",\n", Json(schema).dump(),
                            Json((config / file.file).string()).dump());
  }
  return fmt::format(
      "The first line of each file:\n{}Or, for all of them, in the settings of VS Code:\n"
      "  \"yaml.schemas\": {{\n{}\n  }}\n",
      lines, settings);
}

int write_schemas(const Program& program, const std::string& to, const AdapterRegistry& adapters,
                  const config::SchemaChannels& channels) {
  std::error_code code;
  fs::create_directories(to, code);
  const fs::path folder = code ? fs::path(to) : fs::canonical(to, code);
  Json written = Json::array();
  for (const config::FileSpec& file : config::tables::files) {
    const fs::path path = folder / schema_file(file);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << config::json_schema(file, adapters, channels);
    out.close();
    if (!out) {
      std::fprintf(stderr, "sluis: %s: cannot be written\n", path.c_str());
      return 1;
    }
    written.push_back({{"kind", file.kind}, {"file", file.file}, {"schema", path.string()}});
  }
  const fs::path config = fs::absolute(program.globals().config, code).lexically_normal();
  const std::string text =
      program.globals().json ? dump({{"ok", true}, {"schemas", written}}, 2) + "\n" : editor_words(folder, config);
  std::fputs(text.c_str(), stdout);
  return 0;
}

int schema(const Program& program, const SchemaQuestion& question) {
  if (question.kind.empty() && question.folder.empty()) return list_kinds(program);
  const config::FileSpec* file = question.kind.empty() ? nullptr : config::find_file(question.kind);
  if (!question.kind.empty() && file == nullptr) {
    std::string kinds;
    for (const config::FileSpec& known : config::tables::files)
      kinds += fmt::format("{}{}", kinds.empty() ? "" : ", ", known.kind);
    std::fprintf(stderr, "sluis: there is no kind of file \"%s\"; there are %s\n", question.kind.c_str(),
                 kinds.c_str());
    return 2;
  }
  if (file != nullptr && !question.folder.empty()) {
    std::fprintf(stderr, "sluis: --output-folder writes every schema; leave out %s\n", question.kind.c_str());
    return 2;
  }
  AdapterRegistry adapters;
  // A schema without an adapter that could not be loaded would call its channels wrong.
  if (program.load_adapters(adapters) > 0) return 1;
  const config::SchemaChannels channels = config::channels_of(program.globals().config, adapters);
  if (file == nullptr) return write_schemas(program, question.folder, adapters, channels);
  std::fputs(config::json_schema(*file, adapters, channels).c_str(), stdout);
  return 0;
}

}  // namespace

void add_schema_command(Program& program) {
  const auto question = std::make_shared<SchemaQuestion>();  // shared: the options and the callback both keep it
  CLI::App& command =
      program.command("schema", "Print the JSON Schema of a kind of file, for editors; without one, list the kinds",
                      [&program, question] { return schema(program, *question); });
  command.add_option("KIND", question->kind, "gateway, channels, customers, policies, routes or flows");
  command.add_option("--output-folder", question->folder,
                     "Write all of them there, and say how an editor gets to know them");
}

}  // namespace sluis::gateway
