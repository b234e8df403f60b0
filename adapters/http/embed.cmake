# Writes OUTPUT, a source file whose function returns the text of INPUT.
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "#include \"adapters/http/api.h\"

namespace sluis::http {

std::string openapi_document(std::string_view path) {
  static constexpr std::string_view text = R\"openapi~(${text})openapi~\";
  static constexpr std::string_view server = \"url: /v1\\n\";
  std::string out(text);
  const std::size_t at = out.find(server);
  return out.replace(at + 5, server.size() - 6, path);
}

}  // namespace sluis::http
")
