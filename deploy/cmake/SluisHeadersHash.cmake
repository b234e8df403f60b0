# sluis_headers_hash(ROOT OUT [FILES files]): the hash of the headers that adapters are built against, below ROOT: the source
# tree, or include/sluis of an installation. It stands in libsluis-core and in every plugin; a plugin with another is refused.
# An installation makes the hash from the headers that lie there, so that a mixed one is noticed.
include_guard()

# What an adapter may include; the engine and the store are the gateway's own affair.
set(SLUIS_PUBLIC_FOLDERS core/channel core/message core/net core/runtime protocols)

function(sluis_headers_hash root out)
  cmake_parse_arguments(ARG "" "FILES" "" ${ARGN})
  set(headers "")
  foreach(folder IN LISTS SLUIS_PUBLIC_FOLDERS)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE "${root}" "${root}/${folder}/*.h")
    list(APPEND headers ${found})
  endforeach()
  # The conformance suite is linked into tests, never into a plugin.
  list(FILTER headers EXCLUDE REGEX "^core/channel/conformance/")
  list(SORT headers)
  set(all "")
  foreach(header IN LISTS headers)
    file(SHA256 "${root}/${header}" digest)
    string(APPEND all "${header} ${digest}\n")
  endforeach()
  string(SHA256 hash "${all}")
  string(SUBSTRING "${hash}" 0 16 hash)
  set(${out} "${hash}" PARENT_SCOPE)
  if(ARG_FILES)
    set(${ARG_FILES} "${headers}" PARENT_SCOPE)
  endif()
endfunction()
