# aotgemm._core: thin bindings over the library beside it.

# An isolated build finds nanobind in a new folder each time. A copy that stays keeps what was compiled from it.
execute_process(
    COMMAND ${Python_EXECUTABLE} -B -c "import nanobind; print(nanobind.__path__[0])"
    OUTPUT_VARIABLE nanobind_package
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(nanobind_copy ${build_root}/nanobind)
file(GLOB_RECURSE nanobind_files RELATIVE ${nanobind_package} ${nanobind_package}/*)
list(FILTER nanobind_files EXCLUDE REGEX "\\.pyc$")
foreach(name IN LISTS nanobind_files)
    get_filename_component(folder ${nanobind_copy}/${name} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    file(COPY_FILE ${nanobind_package}/${name} ${nanobind_copy}/${name} ONLY_IF_DIFFERENT)
endforeach()
set(nanobind_DIR ${nanobind_copy}/cmake)
find_package(nanobind CONFIG REQUIRED)

file(GLOB_RECURSE python_sources CONFIGURE_DEPENDS ${source_root}/cpp/python/*.cpp)
nanobind_add_module(_core NB_STATIC STABLE_ABI NB_SUPPRESS_WARNINGS ${python_sources})
target_include_directories(_core PRIVATE ${source_root}/cpp)
target_include_directories(_core SYSTEM PRIVATE ${source_root}/cpp/third_party)
target_compile_options(_core PRIVATE -Wall -Wextra)
target_compile_definitions(_core PRIVATE AOTGEMM_VERSION="${PROJECT_VERSION}")
target_link_libraries(_core PRIVATE aotgemm)
target_link_options(_core PRIVATE ${strip_option} -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/core_module.map)
set_property(TARGET _core APPEND PROPERTY LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/core_module.map)
# nanobind uses stderr, whose header neither libc++ nor the header of Python's limited API brings along.
foreach(target IN ITEMS nanobind-static-abi3 nanobind-static _core)
    if(TARGET ${target})
        target_compile_options(${target} PRIVATE "SHELL:-include stdio.h")
    endif()
endforeach()
sanitize(_core)
set_target_properties(_core PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS _core LIBRARY DESTINATION .)

# A sanitized module cannot be imported just so.
if(AOTGEMM_SANITIZE)
    return()
endif()

# Signatures for type checkers and editors. nanobind imports the module for them; one for another processor cannot be.
if(AOTGEMM_STUB)
    configure_file(${AOTGEMM_STUB} ${build_root}/_core.pyi COPYONLY)
    file(TOUCH ${build_root}/py.typed)
else()
    nanobind_add_stub(
        core_stub
        MODULE _core
        OUTPUT ${build_root}/_core.pyi
        MARKER_FILE ${build_root}/py.typed
        PYTHON_PATH $<TARGET_FILE_DIR:_core>
        DEPENDS _core)
endif()
install(FILES ${build_root}/_core.pyi ${build_root}/py.typed DESTINATION .)
