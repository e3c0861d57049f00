# The bill of materials. It names the installed files by hash, so it is written when they are in their place, stripped.

set(sbom ${generated}/sbom.cdx.json)
set(sbom_step
    sbom --cubins ${cubin_folder} --kernels ${source_root}/cpp/kernels --generated ${generated}
    --pyproject ${source_root}/pyproject.toml --version ${PROJECT_VERSION}
    --host-compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" --out ${sbom})
set(prefix "\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}")
list(APPEND sbom_step --library ${prefix}/${library_folder}/$<TARGET_FILE_NAME:aotgemm>)
if(AOTGEMM_PYTHON)
    list(APPEND sbom_step --module ${prefix}/$<TARGET_FILE_NAME:_core> --nanobind ${nanobind_copy})
endif()
list(JOIN sbom_step "\" \"" sbom_words)
install(CODE "execute_process(COMMAND \"${codegen}\" \"${sbom_words}\" COMMAND_ERROR_IS_FATAL ANY)")

if(SKBUILD)  # where PEP 770 has a wheel's bills of materials
    set(sbom_folder ${SKBUILD_METADATA_DIR}/sboms)
else()
    set(sbom_folder ${data_folder})
endif()
install(FILES ${sbom} DESTINATION ${sbom_folder})
