# libaotgemm.so: tables, cubins, dispatch and the CPU backend. Links nothing beyond libc and libstdc++.

include(GNUInstallDirs)

file(GLOB_RECURSE dispatch_sources CONFIGURE_DEPENDS ${source_root}/cpp/dispatch/*.cpp)
file(GLOB_RECURSE emulation_sources CONFIGURE_DEPENDS ${source_root}/cpp/emulation/*.cpp)
# The CPU backend's results are defined to the bit: no multiplication and addition may be fused behind its back.
set_source_files_properties(${emulation_sources} PROPERTIES COMPILE_OPTIONS "-O3;-ffp-contract=off")

# The assembler finds cubins by name, so that no path of this machine gets into the library.
set_source_files_properties(${generated}/inventory.S PROPERTIES COMPILE_OPTIONS "-Wa,-I,${cubin_folder}"
                                                                OBJECT_DEPENDS "${cubins}")

find_package(Threads REQUIRED)
add_library(aotgemm SHARED ${dispatch_sources} ${emulation_sources} ${generated}/inventory.cpp ${generated}/inventory.S
            ${generated}/tile_rates.cpp ${generated}/gemm_families.cpp)
target_include_directories(
    aotgemm
    PUBLIC $<BUILD_INTERFACE:${source_root}/cpp/include>
    PRIVATE ${source_root}/cpp ${source_root}/cpp/kernels)
target_include_directories(aotgemm SYSTEM PRIVATE ${generated}/cuda)
target_compile_options(aotgemm PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra>)
target_compile_definitions(aotgemm PRIVATE AOTGEMM_VERSION="${PROJECT_VERSION}")
target_link_libraries(aotgemm PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
# Only the C ABI is visible, and nothing is left for `strip`: it would run after the build id was made.
target_link_options(aotgemm PRIVATE -Wl,--no-undefined -Wl,--as-needed ${strip_option}
                    -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/aotgemm.map)
set_property(TARGET aotgemm APPEND PROPERTY LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/aotgemm.map)
sanitize(aotgemm)

# A wheel holds everything in the package's folder; a plain install follows the system's layout.
if(SKBUILD)
    set(library_folder .)
    set(include_folder include)
    set(cmake_folder cmake)
    set(data_folder .)
else()
    set(library_folder ${CMAKE_INSTALL_LIBDIR})
    set(include_folder ${CMAKE_INSTALL_INCLUDEDIR})
    set(cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/aotgemm)
    set(data_folder ${CMAKE_INSTALL_DATADIR}/aotgemm)
    # Where several versions may lie side by side, a program asks for the one that it was linked with. A wheel, which
    # holds no links, has one.
    set_target_properties(aotgemm PROPERTIES VERSION ${PROJECT_VERSION}
                                             SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endif()

include(CMakePackageConfigHelpers)
write_basic_package_version_file(${build_root}/aotgemmConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(TARGETS aotgemm EXPORT aotgemmTargets LIBRARY DESTINATION ${library_folder}
        INCLUDES DESTINATION ${include_folder})
configure_file(${source_root}/cpp/include/aotgemm/version.h.in ${build_root}/include/aotgemm/version.h @ONLY)
install(FILES ${source_root}/cpp/include/aotgemm/aotgemm.h ${source_root}/cpp/include/aotgemm/convert.h
              ${source_root}/cpp/include/aotgemm/device.h
              ${source_root}/cpp/include/aotgemm/inventory.h
              ${source_root}/cpp/include/aotgemm/observe.h ${source_root}/cpp/include/aotgemm/plan.h
              ${source_root}/cpp/include/aotgemm/select.h
              ${build_root}/include/aotgemm/version.h
        DESTINATION ${include_folder}/aotgemm)
install(FILES ${generated}/manifest.json DESTINATION ${data_folder})
install(EXPORT aotgemmTargets NAMESPACE aotgemm:: DESTINATION ${cmake_folder})
install(FILES aotgemmConfig.cmake ${build_root}/aotgemmConfigVersion.cmake
        DESTINATION ${cmake_folder})
